//! `fields=`: which fields of a node are read, with fields of what hangs on it in braces.

use super::errors::GraphError;

/// A field that is read: `adlabels{id,name}`, `ads.limit(5){id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name.
    pub name: String,
    /// Most objects of an edge.
    pub limit: Option<usize>,
    /// Fields in braces, or of `.fields(...)`.
    pub fields: Vec<Field>,
}

impl Field {
    /// A field without anything in braces.
    pub fn plain(name: &str) -> Field {
        Field { name: name.to_owned(), limit: None, fields: Vec::new() }
    }
}

/// Reads the parameter. JSON lists are taken, too.
pub fn parse(text: &str) -> Result<Vec<Field>, GraphError> {
    let list: Option<Vec<String>> = serde_json::from_str(text).ok();
    let text = list.map_or_else(|| text.to_owned(), |names| names.join(","));
    let mut reader = Reader { text: text.as_bytes(), at: 0 };
    let fields = reader.list()?;
    if reader.at < reader.text.len() {
        return Err(reader.error());
    }
    Ok(fields)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn error(&self) -> GraphError {
        let message = format!("Syntax error at character {} of the parameter fields", self.at);
        GraphError::new(2500, message).at("fields")
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }

    fn spaces(&mut self) {
        while self.eat(b' ') {}
    }

    fn list(&mut self) -> Result<Vec<Field>, GraphError> {
        let mut fields = Vec::new();
        loop {
            self.spaces();
            let name = self.word();
            if !name.is_empty() {
                fields.push(self.field(name)?);
            }
            self.spaces();
            if !self.eat(b',') {
                return Ok(fields);
            }
        }
    }

    fn field(&mut self, name: String) -> Result<Field, GraphError> {
        let mut field = Field { name, limit: None, fields: Vec::new() };
        while self.eat(b'.') {
            let modifier = self.word();
            if !self.eat(b'(') {
                return Err(self.error());
            }
            match modifier.as_str() {
                "limit" => field.limit = self.word().parse().ok(),
                "fields" => field.fields = self.list()?,
                _ => return Err(self.error()),
            }
            if !self.eat(b')') {
                return Err(self.error());
            }
        }
        if self.eat(b'{') {
            field.fields = self.list()?;
            if !self.eat(b'}') {
                return Err(self.error());
            }
        }
        Ok(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_nest() {
        let fields = parse("id, adlabels{id,name},ads.limit(5){creative{id}},campaign.fields(name)").unwrap();
        let names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["id", "adlabels", "ads", "campaign"]);
        assert_eq!(fields[1].fields, [Field::plain("id"), Field::plain("name")]);
        assert_eq!((fields[2].limit, fields[2].fields[0].fields[0].name.as_str()), (Some(5), "id"));
        assert_eq!(fields[3].fields, [Field::plain("name")]);
        assert_eq!(parse(r#"["id","name"]"#).unwrap().len(), 2);
        for wrong in ["adlabels{id", "ads.limit 5", "id}", "ads.first(5)"] {
            assert_eq!(parse(wrong).unwrap_err().code, 2500, "{wrong}");
        }
    }
}
