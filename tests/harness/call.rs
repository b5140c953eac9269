//! Requests made from the published document: what is added to the API is tested by what it says
//! of itself.

use domain::{id::Id, organization::Institution};
use reqwest::Method;
use serde_json::Value;

use crate::{World, contract::Contract};

/// One operation of the published document.
#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub template: String,
    /// The permission that it needs; none where anybody may call it.
    pub permission: Option<String>,
    /// Names of its path parameters, in order.
    pub path_ids: Vec<String>,
    /// Whether it changes nothing.
    pub is_read: bool,
    /// Its answer when all is well.
    pub success: u16,
    /// Schema of the body that it takes.
    pub body: Option<Value>,
    /// Schema of the body that it answers with.
    pub answer: Option<Value>,
    /// Name of that schema.
    pub answer_name: Option<String>,
    /// Names of its query parameters.
    pub parameters: Vec<String>,
    headers: Vec<String>,
    required_headers: Vec<String>,
    media: Option<String>,
}

/// A request that can be altered before it is sent.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

impl Contract {
    /// Every operation, ready to be called.
    pub fn callable(&self) -> Vec<Operation> {
        self.operations()
            .map(|(method, template, node)| self.operation_of(method, template, node))
            .collect()
    }

    /// The operation of this name.
    pub fn named(&self, id: &str) -> Operation {
        let mut all = self.operations();
        let (method, template, node) = all
            .find(|(.., node)| node["operationId"] == id)
            .unwrap_or_else(|| panic!("no operation {id}"));
        self.operation_of(method, template, node)
    }

    /// What a `$ref` leads to; anything else as it is.
    pub fn resolve<'a>(&'a self, mut node: &'a Value) -> &'a Value {
        while let Some(reference) = node["$ref"].as_str() {
            node = self.document().pointer(&reference[1..]).unwrap();
        }
        node
    }

    fn operation_of(&self, method: Method, template: &str, node: &Value) -> Operation {
        let parameters: Vec<&Value> = node["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|p| self.resolve(p))
            .collect();
        let named = |place: &str| -> Vec<String> {
            let here = parameters.iter().filter(|p| p["in"] == place);
            here.map(|p| p["name"].as_str().unwrap().to_owned())
                .collect()
        };
        let headers = named("header").iter().map(|n| n.to_lowercase()).collect();
        let content = |node: &Value, media: &str| {
            let schema = &node["content"][media]["schema"];
            (!schema.is_null()).then(|| self.resolve(schema).clone())
        };
        let takes = node["requestBody"]["content"].as_object();
        let media = takes
            .map(|content| content.keys().next_back().unwrap().clone())
            // What OAuth sends as a form has tests of its own.
            .filter(|media| media != "application/x-www-form-urlencoded");
        let (success, answer) = node["responses"]
            .as_object()
            .unwrap()
            .iter()
            .find(|(status, _)| status.starts_with('2'))
            .unwrap_or_else(|| panic!("{template} never succeeds"));
        Operation {
            id: node["operationId"].as_str().unwrap().to_owned(),
            permission: node["x-required-permission"].as_str().map(str::to_owned),
            path_ids: template
                .split('/')
                .filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'))
                .map(str::to_owned)
                .collect(),
            is_read: method == Method::GET || node["x-read-only"] == true,
            success: success.parse().unwrap(),
            body: media
                .as_deref()
                .and_then(|media| content(&node["requestBody"], media)),
            answer_name: self.resolve(answer)["content"]["application/json"]["schema"]["$ref"]
                .as_str()
                .and_then(|r| r.rsplit('/').next())
                .map(str::to_owned),
            answer: content(self.resolve(answer), "application/json"),
            required_headers: parameters
                .iter()
                .filter(|p| p["in"] == "header" && p["required"] == true)
                .map(|p| p["name"].as_str().unwrap().to_lowercase())
                .collect(),
            parameters: named("query"),
            headers,
            media,
            method,
            template: template.to_owned(),
        }
    }
}

impl Operation {
    /// The path with these ids in place.
    pub fn path(&self, ids: &[String]) -> String {
        let mut ids = ids.iter();
        self.template
            .split('/')
            .map(|s| {
                if s.starts_with('{') {
                    ids.next().unwrap().as_str()
                } else {
                    s
                }
            })
            .collect::<Vec<_>>()
            .join("/")
    }

    /// As many ids as the path has, of nothing.
    pub fn random_ids(&self) -> Vec<String> {
        let ids = self.path_ids.iter();
        ids.map(|_| uuid::Uuid::now_v7().to_string()).collect()
    }

    /// The example that the document gives of the body, with ids of the school.
    pub async fn example(&self, world: &World) -> Option<Value> {
        self.example_in(world, world.institution).await
    }

    /// The same with ids of either of the two institutions.
    pub async fn example_in(&self, world: &World, institution: Id<Institution>) -> Option<Value> {
        let body = self.body.as_ref()?;
        let mut example = body["example"].clone();
        assert!(example.is_object(), "{}: a body without example", self.id);
        world.make_real(institution, &mut example).await;
        Some(example)
    }

    /// A call that has everything that it needs: its example as the body, any version, a fresh key.
    pub async fn call(&self, world: &World, ids: &[String]) -> Call {
        self.call_in(world, world.institution, ids).await
    }

    /// The same in either of the two institutions.
    pub async fn call_in(
        &self,
        world: &World,
        institution: Id<Institution>,
        ids: &[String],
    ) -> Call {
        let example = self.example_in(world, institution).await;
        self.call_with(ids, example.as_ref())
    }

    /// The same with a body that is made already.
    pub fn call_with(&self, ids: &[String], body: Option<&Value>) -> Call {
        let call = Call {
            method: self.method.clone(),
            path: self.path(ids),
            headers: Vec::new(),
            body: None,
        };
        let call = match body {
            Some(body) if self.takes_form() => {
                let (name, content) = body.as_object().unwrap().iter().next().unwrap();
                let (media, form) = form(name, "example.csv", content.as_str().unwrap().as_bytes());
                let mut call = call.with("content-type", &media);
                call.body = Some(form);
                call
            }
            Some(body) => call.with_body(body).with("content-type", self.media()),
            None => call,
        };
        let call = if self.takes("if-match") {
            call.with("if-match", "*")
        } else {
            call
        };
        if self.takes("idempotency-key") {
            call.with("idempotency-key", &uuid::Uuid::now_v7().to_string())
        } else {
            call
        }
    }

    /// Whether the document names this header, in lower case.
    pub fn takes(&self, header: &str) -> bool {
        self.headers.iter().any(|h| h == header)
    }

    pub fn requires(&self, header: &str) -> bool {
        self.required_headers.iter().any(|h| h == header)
    }

    /// Whether its body is a form with a file, not JSON.
    pub fn takes_form(&self) -> bool {
        self.media() == "multipart/form-data"
    }

    fn media(&self) -> &str {
        self.media.as_deref().unwrap_or_default()
    }
}

impl Call {
    #[must_use]
    pub fn with(self, header: &str, value: &str) -> Self {
        let mut call = self.without(header);
        call.headers.push((header.to_owned(), value.to_owned()));
        call
    }

    #[must_use]
    pub fn without(mut self, header: &str) -> Self {
        self.headers.retain(|(name, _)| name != header);
        self
    }

    #[must_use]
    pub fn with_body(self, body: &Value) -> Self {
        self.with_text(&body.to_string())
    }

    #[must_use]
    pub fn with_text(mut self, body: &str) -> Self {
        self.body = Some(body.as_bytes().to_vec());
        self
    }
}

/// A form with one file: its content type, and its bytes.
pub fn form(part: &str, file: &str, content: &[u8]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "educrm-boundary-5d2f";
    let mut form = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{file}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    form.extend_from_slice(content);
    form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), form)
}
