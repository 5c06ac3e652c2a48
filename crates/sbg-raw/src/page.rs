//! Pages with a bound: lists are counted while they are decoded, so that a server that sends more items than were asked for takes no memory
//! for them.

use std::cell::Cell;
use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer as _, MapAccess,
    SeqAccess, Visitor,
};

/// The fields of pages that hold what was asked for.
const ITEMS: [&str; 3] = ["items", "prefixes", "result_set"];

/// Most entries of any other list of a page, such as its links.
const MOST_BESIDE: u64 = 1_000;

/// Why a page cannot be read.
///
/// ```
/// use sbg_raw::PageError;
///
/// let page = br#"{"items": [1, 2, 3]}"#;
/// let read = sbg_raw::page_from_slice::<serde_json::Value>(page, 2);
/// assert!(matches!(read, Err(PageError::TooMany(2))));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// It has more items than this, or a list beside them is too long.
    #[error("the page has more than {0} items")]
    TooMany(u64),
    /// It has another form.
    #[error("{0}")]
    Form(serde_json::Error),
}

/// Decodes a page with at most so many items in one pass. Decoding ends with the first item too many.
///
/// ```
/// let page: serde_json::Value = sbg_raw::page_from_slice(br#"{"items": [1, 2], "links": []}"#, 2).unwrap();
/// assert_eq!(page["items"][1], 2);
/// ```
///
/// # Errors
///
/// [`PageError`] where the page has more items, or cannot be decoded as `T`.
pub fn page_from_slice<T: DeserializeOwned>(page: &[u8], most: u64) -> Result<T, PageError> {
    let exceeded = Cell::new(false);
    let mut json = serde_json::Deserializer::from_slice(page);
    let decoded = T::deserialize(Page { inner: &mut json, most, exceeded: &exceeded });
    match decoded.and_then(|page| json.end().map(|()| page)) {
        Ok(page) => Ok(page),
        Err(_) if exceeded.get() => Err(PageError::TooMany(most)),
        Err(error) => Err(PageError::Form(error)),
    }
}

/// The whole page.
struct Page<'c, D> {
    inner: D,
    most: u64,
    exceeded: &'c Cell<bool>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Page<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Self { inner, most, exceeded } = self;
        inner.deserialize_any(Fields { visitor, most, exceeded })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Visits the fields of the page. What is not an object is left to the visitor of the type, which refuses it.
struct Fields<'c, V> {
    visitor: V,
    most: u64,
    exceeded: &'c Cell<bool>,
}

/// A list in the page, or any other value.
struct List<'c, D> {
    inner: D,
    most: u64,
    exceeded: &'c Cell<bool>,
}

/// Visits a list and counts its items; any other value as it is.
struct Items<'c, V> {
    visitor: V,
    most: u64,
    exceeded: &'c Cell<bool>,
}

/// Forwards what a visitor is given, except for what is bounded.
macro_rules! forward_visits {
    ($($name:ident($type:ty))*) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.visitor.expecting(f)
        }

        $(fn $name<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$name(value)
        })*

        fn visit_none<E: Error>(self) -> Result<V::Value, E> {
            self.visitor.visit_none()
        }

        fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
            self.visitor.visit_unit()
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
            self.visitor.visit_newtype_struct(inner)
        }

        fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
            self.visitor.visit_enum(data)
        }
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<'_, V> {
    type Value = V::Value;

    forward_visits! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Page { inner, most: self.most, exceeded: self.exceeded })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        let Self { visitor, most, exceeded } = self;
        visitor.visit_seq(Counted { seq, count: 0, most, exceeded })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let Self { visitor, most, exceeded } = self;
        visitor.visit_map(Named { map, of_items: false, most, exceeded })
    }
}

/// The fields of the page by name.
struct Named<'c, A> {
    map: A,
    /// Whether the latest name is that of the items.
    of_items: bool,
    most: u64,
    exceeded: &'c Cell<bool>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Named<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.map.next_key::<String>()? else { return Ok(None) };
        self.of_items = ITEMS.contains(&name.as_str());
        let name: StringDeserializer<A::Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        let most = if self.of_items { self.most } else { MOST_BESIDE };
        self.map.next_value_seed(ListSeed { seed, most, exceeded: self.exceeded })
    }
}

/// The value of a field.
struct ListSeed<'c, S> {
    seed: S,
    most: u64,
    exceeded: &'c Cell<bool>,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for ListSeed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        let Self { seed, most, exceeded } = self;
        seed.deserialize(List { inner, most, exceeded })
    }
}

/// Forwards what is asked of a deserializer, with a visitor that counts the items of a list.
macro_rules! forward_asks {
    ($($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            let Self { inner, most, exceeded } = self;
            inner.$name(Items { visitor, most, exceeded })
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for List<'_, D> {
    type Error = D::Error;

    forward_asks! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq deserialize_map
        deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple_struct(name, length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_enum(name, variants, visitor)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Items<'_, V> {
    type Value = V::Value;

    forward_visits! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(List { inner, most: self.most, exceeded: self.exceeded })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        let Self { visitor, most, exceeded } = self;
        visitor.visit_seq(Counted { seq, count: 0, most, exceeded })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(map)
    }
}

/// The items of a list, which ends with an error where there are too many. They are decoded as they are.
struct Counted<'c, A> {
    seq: A,
    count: u64,
    most: u64,
    exceeded: &'c Cell<bool>,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Counted<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        if self.count == self.most {
            // Is there one more? It is skipped, not decoded.
            if self.seq.next_element::<serde::de::IgnoredAny>()?.is_none() {
                return Ok(None);
            }
            self.exceeded.set(true);
            return Err(A::Error::custom("too many items"));
        }
        self.count += 1;
        self.seq.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.seq.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Map, Value, json};

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Typed {
        items: Vec<Value>,
        href: Option<String>,
        links: Option<Vec<Value>>,
        #[serde(flatten)]
        extra: Map<String, Value>,
    }

    #[test]
    fn page_is_decoded_as_without_a_bound() {
        let check = |page: Value| {
            let text = page.to_string();
            let expected = serde_json::from_value::<Typed>(page.clone()).ok();
            assert_eq!(page_from_slice::<Typed>(text.as_bytes(), 3).ok(), expected, "{page}");
            assert_eq!(page_from_slice::<Value>(text.as_bytes(), 3).unwrap(), page);
        };
        check(json!({"items": []}));
        check(json!({"items": [1, "a", null], "href": "x", "links": [{"a": [1, 2, 3, 4, 5]}], "total": 3.5}));
        check(json!({"items": [{"a": {"items": [1, 2, 3, 4]}}], "href": null, "links": null, "yes": true}));
        check(json!({"items": 5}));
        check(json!({"links": []}));
        for page in ["", "{", "[1, 2, 3]", "5", "null", "<html>", r#"{"items": []} x"#] {
            assert!(
                matches!(page_from_slice::<Typed>(page.as_bytes(), 3), Err(PageError::Form(_))),
                "{page}"
            );
        }
    }

    #[test]
    fn items_are_bounded() {
        let check = |page: &str, most: u64, expected: bool| {
            let exceeded = |read: Result<(), PageError>| matches!(read, Err(PageError::TooMany(_)));
            let value = page_from_slice::<Value>(page.as_bytes(), most).map(drop);
            assert_eq!(exceeded(value), expected, "{page} {most}");
        };
        let page = r#"{"href": "x", "no": -1.5, "o": {"items": [1, 2, 3, 4]}, "items": [{"a": [1, 2, 3, 4]}, {}, null]}"#;
        check(page, 3, false);
        check(page, 2, true);
        check(page, 0, true);
        check(r#"{"result_set": [1, 2]}"#, 1, true);
        check(r#"{"items": [1], "prefixes": [1, 2]}"#, 1, true);
        check(r#"{"items": [1], "items": [1, 2]}"#, 1, true);
        // Other lists are bounded as well.
        check(r#"{"items": [1], "links": [1, 2]}"#, 1, false);
        check(&format!(r#"{{"links": [{}0]}}"#, "0,".repeat(999)), 1, false);
        check(&format!(r#"{{"links": [{}0]}}"#, "0,".repeat(1_000)), 1, true);
        // Too many are noticed before the end, which may never come.
        check(r#"{"items": [1, 2, "#, 1, true);
        let typed = page_from_slice::<Typed>(br#"{"items": [1, 2], "more": 1}"#, 1);
        assert!(matches!(typed, Err(PageError::TooMany(1))));
    }
}
