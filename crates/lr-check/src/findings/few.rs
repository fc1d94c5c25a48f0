//! Lists that are held as far as anybody can use them: who prints without end is not read to the end.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// How many complaints one call may have.
pub(super) const MOST: usize = 200_000;

/// A list in JSON, which is an error as soon as it has more than [`MOST`] items.
#[derive(Debug)]
pub(super) struct Few<T>(Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Few<T> {
    /// Tells whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

/// Takes the items of a list.
struct Items<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
    type Value = Few<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Few<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == MOST {
                return Err(Error::custom(format_args!(
                    "a list of it has more than {MOST} items"
                )));
            }
            items.push(item);
        }
        Ok(Few(items))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::*;

    /// Numbers without end.
    struct Endless;

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(2);
            buffer[..count].copy_from_slice(&b"0,"[..count]);
            Ok(count)
        }
    }

    #[test]
    fn a_list_without_end_is_not_read_to_its_end() {
        let list = io::BufReader::new((&b"["[..]).chain(Endless));
        let read = serde_json::from_reader::<_, Few<u8>>(list);
        let error = read.unwrap_err().to_string();
        let expected = "a list of it has more than 200000 items";
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn a_list_may_be_as_long_as_is_said() {
        let list = format!("[{}0]", "0,".repeat(MOST - 1));
        let read: Few<u8> = serde_json::from_str(&list).unwrap();
        assert_eq!(read.into_iter().count(), MOST);
    }
}
