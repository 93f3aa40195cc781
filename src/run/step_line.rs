//! The line of a step, read without a general JSON parser: nearly all lines of a log are steps, and a long log has to open at once.
//!
//! It is sure of what it reads or leaves the line to serde, so that both say the same of every line. Must not know where lines come from.

use crate::run::event::{Event, EventKind, StepTaken};
use crate::run::number::Number;

/// The greatest whole number up to which every whole number is a double: 2⁵³.
const GREATEST_EXACT: u64 = 1 << 53;

/// Powers of ten that are doubles without rounding.
const EXACT_POWERS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

/// The event of a line that is surely a step, its keys in the order in which they are written; `None` for all others, which serde must read.
pub fn parse(line: &[u8]) -> Option<Event> {
    let mut cursor = Cursor { bytes: line, at: 0 };
    cursor.sign(b"{")?;
    cursor.key(b"\"time\"")?;
    let time = cursor.float()?;
    cursor.sign(b",")?;
    cursor.key(b"\"event\"")?;
    cursor.sign(b"{")?;
    cursor.key(b"\"step\"")?;
    cursor.sign(b"{")?;
    let taken = StepTaken {
        step: cursor.key(b"\"step\"").and_then(|()| cursor.whole())?,
        epoch: cursor.next(b"\"epoch\"").and_then(|()| cursor.float())?,
        loss: cursor.next(b"\"loss\"").and_then(|()| cursor.number())?,
        learning_rate: cursor.next(b"\"learning_rate\"").and_then(|()| cursor.float())?,
        gradient_norm: cursor.next(b"\"gradient_norm\"").and_then(|()| cursor.number())?,
        examples: cursor.next(b"\"examples\"").and_then(|()| cursor.whole())?,
        tokens: cursor.next(b"\"tokens\"").and_then(|()| cursor.whole())?,
        seconds: cursor.next(b"\"seconds\"").and_then(|()| cursor.float())?,
        training_seconds: cursor.next(b"\"training_seconds\"").and_then(|()| cursor.float())?,
        rss_bytes: cursor.next(b"\"rss_bytes\"").and_then(|()| cursor.whole())?,
    };
    for _ in 0..3 {
        cursor.sign(b"}")?;
    }
    cursor.skip_space();
    (cursor.at == line.len()).then_some(Event { time, kind: EventKind::Step(taken) })
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn sign(&mut self, sign: &[u8]) -> Option<()> {
        self.skip_space();
        let is_there = self.bytes.get(self.at..)?.starts_with(sign);
        self.at += if is_there { sign.len() } else { 0 };
        is_there.then_some(())
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// This key, quoted, and its colon.
    fn key(&mut self, key: &[u8]) -> Option<()> {
        self.sign(key)?;
        self.sign(b":")
    }

    /// A comma and this key.
    fn next(&mut self, key: &[u8]) -> Option<()> {
        self.sign(b",")?;
        self.key(key)
    }

    /// A number or one of the words that stand for those that JSON has not.
    fn number(&mut self) -> Option<Number> {
        self.skip_space();
        if self.peek() != Some(b'"') {
            return self.float().map(Number);
        }
        for (word, value) in [(&b"\"NaN\""[..], f64::NAN), (b"\"Infinity\"", f64::INFINITY), (b"\"-Infinity\"", f64::NEG_INFINITY)] {
            if self.sign(word).is_some() {
                return Some(Number(value));
            }
        }
        None
    }

    /// Digits as a number, modulo 2⁶⁴, and how many there are.
    fn digits(&mut self, mut number: u64) -> (u64, usize) {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        (number, self.at - start)
    }

    /// A whole number without sign, of few enough digits for 64 bits.
    fn whole(&mut self) -> Option<u64> {
        self.skip_space();
        let has_zero = self.peek() == Some(b'0');
        let (number, n_digits) = self.digits(0);
        let is_one = (1..=19).contains(&n_digits) && !(has_zero && n_digits > 1) && !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        is_one.then_some(number)
    }

    /// A number as JSON writes it.
    fn float(&mut self) -> Option<f64> {
        self.skip_space();
        let start = self.at;
        let is_negative = self.eat(b'-');
        let has_zero = self.peek() == Some(b'0');
        let (mut digits, mut n_digits) = self.digits(0);
        if n_digits == 0 || has_zero && n_digits > 1 {
            return None;
        }
        let mut exponent = 0_i32;
        if self.eat(b'.') {
            let (all, n_after) = self.digits(digits);
            if n_after == 0 {
                return None;
            }
            (digits, n_digits) = (all, n_digits + n_after);
            exponent = -(n_after as i32);
        }
        if self.eat(b'e') || self.eat(b'E') {
            let is_down = self.eat(b'-');
            if !is_down {
                self.eat(b'+');
            }
            let (power, n_power) = self.digits(0);
            if n_power == 0 || n_power > 4 {
                return None;
            }
            exponent += if is_down { -(power as i32) } else { power as i32 };
        }
        // A whole number and a power of ten that are both exact give the nearest double in one operation (Clinger 1990,
        // doi:10.1145/93542.93557, §3); the rest needs more care.
        let power = EXACT_POWERS.get(exponent.unsigned_abs() as usize);
        if let Some(power) = power.filter(|_| n_digits <= 19 && digits <= GREATEST_EXACT) {
            let digits = digits as f64;
            let number = if exponent < 0 { digits / power } else { digits * power };
            return Some(if is_negative { -number } else { number });
        }
        let number: f64 = std::str::from_utf8(&self.bytes[start..self.at]).ok()?.parse().ok()?;
        // JSON has no number beyond the doubles.
        number.is_finite().then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = r#"{"time":1735689600.105,"event":{"step":{"step":1,"epoch":0.001,"loss":0.6931471824645996,"learning_rate":5e-5,"gradient_norm":"NaN","examples":32,"tokens":900,"seconds":0.1,"training_seconds":0.1,"rss_bytes":1000000001}}}"#;

    fn by_serde(line: &str) -> Option<Event> {
        serde_json::from_str(line).ok()
    }

    #[test]
    fn whatever_a_worker_writes_of_a_step_is_read_here() {
        let event = by_serde(LINE);
        assert!(event.is_some());
        let written = event.as_ref().map(|event| serde_json::to_string(event).unwrap()).unwrap();
        for line in [LINE, &written, &LINE.replace(':', ": ").replace(',', ", ")] {
            assert_eq!(parse(line.as_bytes()), event, "{line}");
        }
    }

    #[test]
    fn what_is_not_surely_a_step_is_left_to_serde() {
        let other = r#"{"time":1.0,"event":{"note":{"level":"info","message":"a"}}}"#;
        for line in
            [other, "", "{", &LINE.replace("\"step\":1,", ""), &LINE.replace("\"epoch\"", "\"new\":1,\"epoch\""), &format!("{LINE}x")]
        {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn every_number_is_read_as_serde_reads_it(value in any::<f64>(), other in -1e6..1e6_f64, whole in any::<u64>()) {
            for text in [format!("{value:?}"), format!("{other}"), format!("{other:.5}"), format!("{other:e}"), format!("{whole}")] {
                let line = LINE.replace("0.6931471824645996", &text).replace("\"epoch\":0.001", &format!("\"epoch\":{text}"));
                if let Some(event) = parse(line.as_bytes()) {
                    prop_assert_eq!(Some(event), by_serde(&line), "{}", line);
                }
                prop_assert_eq!(parse(LINE.replace("0.6931471824645996", &format!("{other:?}")).as_bytes()).is_some(), true);
            }
        }

        #[test]
        fn a_line_changed_anywhere_is_read_as_serde_reads_it_or_left_to_it(at in 0_usize..260, byte in proptest::sample::select(b"0123456789.-+eE\"{}:, \\\t\nstepx".to_vec()), is_cut in any::<bool>()) {
            let mut line = LINE.as_bytes().to_vec();
            let at = at.min(line.len() - 1);
            if is_cut { line.truncate(at); } else { line[at] = byte; }
            if let Some(event) = parse(&line) {
                prop_assert_eq!(Some(event), serde_json::from_slice(&line).ok(), "{}", String::from_utf8_lossy(&line));
            }
        }
    }
}
