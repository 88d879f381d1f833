//! What clients of the TCP socket have to show.

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use super::config;
use crate::command::fault::Fault;

/// Letters of a token at least.
const SHORTEST: usize = 16;

/// The token, which may be replaced while the server runs.
#[derive(Clone, Debug)]
pub(super) struct Token(Arc<RwLock<String>>);

impl Token {
    pub(super) fn new(text: String) -> Self {
        Self(Arc::new(RwLock::new(text)))
    }

    /// Reads one.
    pub(super) fn read(file: &Path) -> Result<String, Fault> {
        let cannot = |why: String, help: &str| {
            Fault::unable(format!("the token in {}", file.display()), why, help)
        };
        let text = config::text(file).map_err(|error| cannot(error.to_string(), ""))?;
        let text = text.trim().to_owned();
        if text.len() < SHORTEST {
            let help = "make one: `head -c 24 /dev/urandom | base64`";
            let has = text.len();
            return Err(cannot(format!("{has} letters, {SHORTEST} are needed at least"), help));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            // Of several lines, say: no client could ever show it.
            return Err(cannot("more than one word of ASCII".into(), ""));
        }
        Ok(text)
    }

    /// From now on it is this one.
    pub(super) fn replace(&self, text: String) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = text;
    }

    /// Whether it is the one that is shown. Every byte is compared, so that the time tells nothing.
    pub(super) fn is(&self, shown: &str) -> bool {
        let token = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let pairs = shown.bytes().zip(token.bytes());
        let differ = pairs.fold(0, |sum, (one, other)| sum | (one ^ other));
        shown.len() == token.len() && differ == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_present_token_is_good() {
        let token = Token::new("0123456789abcdef".into());
        assert!(token.is("0123456789abcdef"));
        for wrong in ["", "0123456789abcdeg", "0123456789abcde", "0123456789abcdef0"] {
            assert!(!token.is(wrong), "{wrong}");
        }
        token.clone().replace("another".into());
        assert!(token.is("another") && !token.is("0123456789abcdef"));
    }
}
