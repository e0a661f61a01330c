//! Pages of lists.

use serde_json::{Value, json};

use super::errors::Refusal;
use super::schema::Doc;

/// Which page of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    page: usize,
    size: usize,
}

impl Page {
    /// Reads `page` and `page_size`.
    pub(crate) fn of(query: &Doc, default: usize, most: usize) -> Result<Page, Refusal> {
        let read = |name: &str, default: usize, most: usize| match query.get(name).map(Value::as_u64) {
            None => Ok(default),
            Some(number) => number
                .and_then(|n| usize::try_from(n).ok())
                .filter(|n| (1..=most).contains(n))
                .ok_or_else(|| Refusal::invalid(format!("{name}: Must be between 1 and {most}."))),
        };
        Ok(Page { page: read("page", 1, usize::MAX)?, size: read("page_size", default, most)? })
    }

    /// The items of the page, and what the answer says about it.
    pub(crate) fn cut<T>(self, items: Vec<T>) -> (Vec<T>, Value) {
        let total = items.len();
        let info = json!({
            "page": self.page,
            "page_size": self.size,
            "total_number": total,
            "total_page": total.div_ceil(self.size),
        });
        (items.into_iter().skip((self.page - 1).saturating_mul(self.size)).take(self.size).collect(), info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_count_from_one() {
        let query = Doc::from_iter([("page".to_owned(), json!(2)), ("page_size".to_owned(), json!(2))]);
        let (items, info) = Page::of(&query, 10, 1000).unwrap().cut(vec![1, 2, 3]);
        assert_eq!(items, [3]);
        assert_eq!(info, json!({"page": 2, "page_size": 2, "total_number": 3, "total_page": 2}));
        let zero = Doc::from_iter([("page".to_owned(), json!(0))]);
        assert!(Page::of(&zero, 10, 1000).is_err());
    }
}
