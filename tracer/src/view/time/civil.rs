//! The proleptic Gregorian calendar, in days since 1970-01-01.

/// Days in 400 years.
const ERA: i64 = 146_097;

/// Days from 1970-01-01 to 0000-03-01, where a year that starts in March starts.
const TO_MARCH_OF_YEAR_0: i64 = 719_468;

/// Year, month (1 to 12) and day of a day since 1970-01-01.
pub(super) fn from_days(days: i64) -> (i64, i64, i64) {
    let day = days + TO_MARCH_OF_YEAR_0;
    let (era, of_era) = (day.div_euclid(ERA), day.rem_euclid(ERA));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The day since 1970-01-01 of a date; `None` if the calendar has no such day.
pub(super) fn to_days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=9999).contains(&year) {
        return None;
    }
    let shifted = year - i64::from(month <= 2);
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    let days = era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_MARCH_OF_YEAR_0;
    (from_days(days) == (year, month, day)).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_1970_to_2200_comes_in_order_and_comes_back() {
        let lengths = |year: i64| {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        };
        let mut days = 0;
        for year in 1970..=2200 {
            for (month, length) in (1..).zip(lengths(year)) {
                for day in 1..=length {
                    assert_eq!(from_days(days), (year, month, day));
                    assert_eq!(to_days(year, month, day), Some(days));
                    days += 1;
                }
                assert_eq!(to_days(year, month, length + 1), None);
            }
        }
        assert_eq!(to_days(1969, 12, 31), Some(-1));
    }
}
