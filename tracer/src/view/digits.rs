//! Numbers as decimal digits, without the machinery of `std::fmt`: every line has a dozen.

/// A number that can be written.
pub(super) trait Integer: Copy + Default + PartialEq {
    /// Appends it.
    fn push(self, out: &mut String);
}

macro_rules! unsigned {
    ($($ty:ident)*) => {$(
        impl Integer for $ty {
            fn push(self, out: &mut String) {
                fixed(u64::from(self), 1, out);
            }
        }
    )*};
}
unsigned!(u16 u32 u64);

impl Integer for i32 {
    fn push(self, out: &mut String) {
        if self < 0 {
            out.push('-');
        }
        fixed(self.unsigned_abs().into(), 1, out);
    }
}

/// Appends a number.
pub(super) fn push(number: impl Integer, out: &mut String) {
    number.push(out);
}

/// Appends a number with zeros before it, so that it has `columns` digits at the least.
pub(super) fn fixed(mut number: u64, columns: usize, out: &mut String) {
    // Digits of the greatest number.
    const MOST: usize = 20;
    let mut digits = [b'0'; MOST];
    let mut from = MOST;
    while let Some(slot) = from.checked_sub(1).and_then(|last| digits.get_mut(last))
        && number > 0
    {
        *slot = b'0' + (number % 10) as u8;
        number /= 10;
        from -= 1;
    }
    let from = from.min(MOST - columns.min(MOST));
    let digits = digits.get(from..).unwrap_or_default();
    out.push_str(std::str::from_utf8(digits).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_fmt() {
        let mut out = String::new();
        for number in [0, 1, 9, 10, 99, 100, 12_345, u64::from(u32::MAX), u64::MAX] {
            out.clear();
            push(number, &mut out);
            assert_eq!(out, number.to_string());
            out.clear();
            fixed(number, 9, &mut out);
            assert_eq!(out, format!("{number:09}"));
        }
        for number in [0, -1, 7, i32::MIN, i32::MAX] {
            out.clear();
            push(number, &mut out);
            assert_eq!(out, number.to_string());
        }
        out.clear();
        push(7_u16, &mut out);
        fixed(0, 0, &mut out);
        assert_eq!(out, "7");
    }
}
