//! What is known of a call, a task or a call that we make upstream: the vocabulary of rules, matchers and records.
//!
//! One list of names serves all three, so that whatever a record shows can be asked for in a rule.

use std::borrow::Cow;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::registry::types::Digest;

/// Where a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Surface {
    /// The AWS JSON API.
    Ecr,
    /// The OCI distribution API.
    Oci,
    /// A call that we make to an upstream registry.
    Upstream,
    /// Work that a world does in its own time.
    Task,
}

impl Surface {
    /// The word for it in rules and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ecr => "ecr",
            Self::Oci => "oci",
            Self::Upstream => "upstream",
            Self::Task => "task",
        }
    }
}

macro_rules! fact_names {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// A named fact. Headers are facts too, as `header.<lower-case name>`, and have no variant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fact { $($(#[$doc])* $variant),+ }

        impl Fact {
            /// Every fact, in order of declaration.
            pub const ALL: &'static [Fact] = &[$(Fact::$variant),+];

            /// Its name in rules and records.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The fact of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

fact_names! {
    /// Account whose registry is meant; twelve digits.
    Account = "account",
    /// Region of that registry.
    Region = "region",
    /// Repository name.
    Repository = "repository",
    /// Image tag.
    Tag = "tag",
    /// Digest of the manifest or blob.
    Digest = "digest",
    /// Media type of what is sent or stored.
    MediaType = "media_type",
    /// Bytes of what is sent, stored or asked for.
    Size = "size",
    /// ARN of the caller as claimed by its credential.
    Caller = "caller",
    /// Access key id of the caller.
    AccessKey = "access_key",
    /// Number of the connection, from 1, for the daemon's life.
    Connection = "connection",
    /// Attempt within the logical call, from 1.
    Attempt = "attempt",
    /// Id that groups the attempts of one logical call.
    LogicalCall = "logical_call",
    /// Upload id.
    Upload = "upload",
    /// Host of the upstream registry.
    Upstream = "upstream",
    /// Destination region of a replication.
    DestRegion = "dest_region",
    /// Destination account of a replication.
    DestAccount = "dest_account",
    /// HTTP method.
    Method = "method",
    /// HTTP status that was answered; known only when finished.
    Status = "status",
    /// Error code that was answered; known only when finished.
    Error = "error",
    /// How it ended; known only when finished.
    Outcome = "outcome",
}

impl Fact {
    /// Whether the fact is known only once a record has finished, so that a rule cannot ask for it.
    pub fn is_result(self) -> bool {
        matches!(self, Self::Status | Self::Error | Self::Outcome)
    }

    /// Whether its values are numbers.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Size | Self::Connection | Self::Attempt | Self::Status)
    }
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text; short ones, which most are, lie in place.
    Text(SmolStr),
    /// A number.
    Number(u64),
    /// A digest, kept small until somebody asks for its text.
    Digest(Digest),
}

impl Value {
    /// The value as text.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Digest(digest) => Cow::Owned(digest.to_string()),
        }
    }

    /// The value as a number, if it is one.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            Self::Digest(_) => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(SmolStr::new(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<Digest> for Value {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

/// Request headers as they arrived, names in lower case, secrets masked. One text for all of them, since the journal keeps
/// many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// Names and values without anything between them.
    text: Box<str>,
    /// Where each name and each value ends.
    ends: Box<[(u32, u32)]>,
}

impl Headers {
    /// Headers in this order.
    pub fn new<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut builder = HeadersBuilder::default();
        for (name, value) in headers {
            builder.push(name, |text| text.push_str(value));
        }
        builder.build()
    }

    /// Each name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |(name_end, value_end)| {
            let (name_end, value_end) = (*name_end as usize, *value_end as usize);
            let header = (&self.text[start..name_end], &self.text[name_end..value_end]);
            start = value_end;
            header
        })
    }

    /// The value of the first header of this lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(header, _)| *header == name).map(|(_, value)| value)
    }

    /// Bytes that they take on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.ends)
    }
}

/// Puts [`Headers`] together.
#[derive(Debug)]
pub struct HeadersBuilder {
    text: String,
    ends: Vec<(u32, u32)>,
}

impl Default for HeadersBuilder {
    /// With room for the headers of most requests.
    fn default() -> Self {
        Self { text: String::with_capacity(512), ends: Vec::with_capacity(8) }
    }
}

impl HeadersBuilder {
    /// Adds a header, the name in lower case, whose value `write` appends. One that follows another of its name goes on
    /// with that one's value after a comma, which means the same: RFC 9110, section 5.3.
    pub fn push(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        if self.last_name() == Some(name) {
            self.text.push_str(", ");
            write(&mut self.text);
            if let Some(last) = self.ends.last_mut() {
                last.1 = self.text.len() as u32;
            }
            return;
        }
        self.text.push_str(name);
        let name_end = self.text.len();
        write(&mut self.text);
        // A request's head is far below 4 GiB.
        self.ends.push((name_end as u32, self.text.len() as u32));
    }

    fn last_name(&self) -> Option<&str> {
        let (last, before) = self.ends.split_last()?;
        let start = before.last().map_or(0, |(_, value_end)| *value_end as usize);
        Some(&self.text[start..last.0 as usize])
    }

    /// The headers.
    pub fn build(self) -> Headers {
        Headers { text: self.text.into_boxed_str(), ends: self.ends.into_boxed_slice() }
    }
}

/// Everything known of one call, task or upstream call.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where it comes from.
    pub surface: Surface,
    /// Operation in the words of its surface: `PutImage`, `manifest.put`, `replication`.
    pub operation: &'static str,
    /// ECR operation that the call comes down to, on either surface, for `any:` targets; absent for tasks and upstream calls.
    pub any: Option<&'static str>,
    /// Request headers; none for tasks.
    pub headers: Option<Arc<Headers>>,
    values: Vec<(Fact, Value)>,
}

/// Facts of most calls, results included: no growing, and nothing left over in the journal.
const USUAL_FACTS: usize = 10;

impl Facts {
    /// No facts yet but where it comes from.
    pub fn new(surface: Surface, operation: &'static str, any: Option<&'static str>) -> Self {
        Self { surface, operation, any, headers: None, values: Vec::with_capacity(USUAL_FACTS) }
    }

    /// Sets a fact, in place of an earlier value.
    pub fn set(&mut self, fact: Fact, value: impl Into<Value>) {
        let value = value.into();
        match self.values.iter_mut().find(|(name, _)| *name == fact) {
            Some(slot) => slot.1 = value,
            None => self.values.push((fact, value)),
        }
    }

    /// Forgets a fact.
    pub fn unset(&mut self, fact: Fact) {
        self.values.retain(|(name, _)| *name != fact);
    }

    /// Sets the digest from a text; one that is no digest is kept as it was written. Nothing happens without a text.
    pub fn set_digest(&mut self, text: Option<&String>) {
        let Some(text) = text else { return };
        let value = text.parse::<Digest>().map_or_else(|_| Value::from(text.as_str()), Value::from);
        self.set(Fact::Digest, value);
    }

    /// [`Self::set`] in a chain.
    pub fn with(mut self, fact: Fact, value: impl Into<Value>) -> Self {
        self.set(fact, value);
        self
    }

    /// The value of a fact.
    pub fn get(&self, fact: Fact) -> Option<&Value> {
        self.values.iter().find(|(name, _)| *name == fact).map(|(_, value)| value)
    }

    /// The value of a fact as text, empty if unknown.
    pub fn text(&self, fact: Fact) -> Cow<'_, str> {
        self.get(fact).map_or(Cow::Borrowed(""), Value::text)
    }

    /// The value of a request header by lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.as_deref()?.get(name)
    }

    /// All facts that are set, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (Fact, &Value)> {
        self.values.iter().map(|(fact, value)| (*fact, value))
    }
}
