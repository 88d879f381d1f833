//! Each format, on a report that is made by hand.
