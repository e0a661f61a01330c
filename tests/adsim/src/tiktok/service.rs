//! The API's surface: which request is what, who may make it, and what it answers.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::TikTok;
use super::assets;
use super::auth::{Auth, may_use};
use super::config::TokenConfig;
use super::errors::{Refusal, code, envelope};
use super::list::list;
use super::media::Upload;
use super::object::Kind;
use super::regions;
use super::report::report;
use super::review::review_info;
use super::schema::{Doc, Endpoint, endpoint, text, texts};
use super::status::View;
use super::writes::{Reject, Reply, Write};
use crate::ledger::{Actor, LedgerEntry};
use crate::multipart::parts;
use crate::urlencoded::pairs;

/// Where the API begins.
pub(crate) const ROOT: &str = "/open_api/";

/// A request to the API.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path without query.
    pub path: &'a str,
    /// Query without the question mark.
    pub query: &'a str,
    /// The `Access-Token` header.
    pub token: Option<&'a str>,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// Business time.
    pub now: Timestamp,
}

/// What the API answers.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// JSON text, or a plain one before the API proper.
    pub body: String,
    /// Id of the request.
    pub request_id: String,
    /// What the request changed.
    pub changes: Vec<LedgerEntry>,
}

/// The account that a request names; empty if none.
pub fn account_of(query: &str, content_type: &str, body: &[u8]) -> String {
    let of_query = pairs(query).into_iter().find(|(name, _)| name == "advertiser_id").map(|(_, value)| value);
    of_query.unwrap_or_else(|| {
        let form = form_of(content_type, body).map(Value::Object);
        let body = form.unwrap_or_else(|| serde_json::from_slice(body).unwrap_or_default());
        body["advertiser_id"].as_str().unwrap_or_default().to_owned()
    })
}

/// The texts of a form; none for a body that is no form.
pub(crate) fn form_of(content_type: &str, body: &[u8]) -> Option<Doc> {
    is_form(content_type).then(|| read_form(content_type, body).0)
}

fn is_form(content_type: &str) -> bool {
    content_type.starts_with("multipart/form-data")
}

/// The texts of a form, and the file in it. A file's field has no text.
fn read_form<'a>(content_type: &str, body: &'a [u8]) -> (Doc, Option<&'a [u8]>) {
    let (mut doc, mut file) = (Doc::new(), None);
    for part in parts(content_type, body) {
        let is_file = part.file_name.is_some();
        let text = if is_file { String::new() } else { String::from_utf8_lossy(part.content).into_owned() };
        file = if is_file { Some(part.content) } else { file };
        doc.insert(part.name, text.into());
    }
    (doc, file)
}

/// What a request would do, as faults know it: `campaign.create`, `adgroup.update`, `ad.disable`, `video.upload`.
pub fn operations_of(path: &str, body: &[u8]) -> Vec<String> {
    let rest = path.trim_end_matches('/');
    let rest = rest.split_once("/v").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, rest)| rest);
    let found = match Route::of(rest) {
        Some(Route::Create(kind, _)) => format!("{}.create", kind.name()),
        Some(Route::Update(kind)) => format!("{}.update", kind.name()),
        Some(Route::Status(kind)) => {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            format!("{}.{}", kind.name(), body["operation_status"].as_str().unwrap_or_default().to_lowercase())
        }
        Some(Route::Image) => "image.upload".into(),
        Some(Route::Video) => "video.upload".into(),
        _ => return Vec::new(),
    };
    vec![found]
}

/// An endpoint.
#[derive(Debug, Clone, Copy)]
enum Route {
    AccessToken,
    Advertisers,
    AdvertiserInfo,
    Create(Kind, bool),
    Update(Kind),
    Status(Kind),
    List(Kind, bool),
    ReviewInfo,
    Report,
    Image,
    ImageInfo,
    Video,
    VideoInfo,
    ImageSearch,
    VideoSearch,
    SuggestCover,
    Identities,
    Pixels,
    ToolRegion,
    SearchRegion,
    Languages,
}

impl Route {
    fn of(path: &str) -> Option<Route> {
        Some(match path {
            "oauth2/access_token" => Route::AccessToken,
            "oauth2/advertiser/get" => Route::Advertisers,
            "advertiser/info" => Route::AdvertiserInfo,
            "campaign/create" => Route::Create(Kind::Campaign, false),
            "campaign/get" => Route::List(Kind::Campaign, false),
            "adgroup/get" => Route::List(Kind::Adgroup, false),
            "ad/get" => Route::List(Kind::Ad, false),
            "report/integrated/get" => Route::Report,
            "smart_plus/ad/review_info" => Route::ReviewInfo,
            "file/image/ad/upload" => Route::Image,
            "file/image/ad/info" => Route::ImageInfo,
            "file/video/ad/upload" => Route::Video,
            "file/video/ad/info" => Route::VideoInfo,
            "file/image/ad/search" => Route::ImageSearch,
            "file/video/ad/search" => Route::VideoSearch,
            "file/video/suggestcover" => Route::SuggestCover,
            "identity/get" => Route::Identities,
            "pixel/list" => Route::Pixels,
            "tool/region" => Route::ToolRegion,
            "search/region" => Route::SearchRegion,
            "tool/language" => Route::Languages,
            path => {
                let (kind, verb) = path.strip_prefix("smart_plus/")?.split_once('/')?;
                let kind = match kind {
                    "campaign" => Kind::Campaign,
                    "adgroup" => Kind::Adgroup,
                    "ad" => Kind::Ad,
                    _ => return None,
                };
                match verb {
                    "create" => Route::Create(kind, true),
                    "update" => Route::Update(kind),
                    "status/update" => Route::Status(kind),
                    "get" => Route::List(kind, true),
                    _ => return None,
                }
            }
        })
    }
}

impl TikTok {
    /// Answers a request. `reject` lets faults refuse single objects.
    pub(crate) fn call(&mut self, call: &Call<'_>, reject: &mut Reject<'_>) -> Answer {
        let request_id = self.request_id();
        let plain =
            |status, body: &str, request_id| Answer { status, body: body.into(), request_id, changes: Vec::new() };
        // A path without the slash at its end never reaches the API.
        let path = call.path.strip_prefix(ROOT).and_then(|path| path.strip_suffix('/'));
        let Some((version, path)) = path.and_then(|path| path.split_once('/')) else {
            return plain(StatusCode::NOT_FOUND, "404 page not found", request_id);
        };
        if !self.config.versions.iter().any(|known| known == version) {
            let refusal = Refusal::new(code::INVALID_VERSION, "Invalid API version.");
            return refused(&refusal, request_id);
        }
        let Some((route, endpoint)) = Route::of(path).zip(endpoint(path)) else {
            return plain(StatusCode::NOT_FOUND, "404 page not found", request_id);
        };
        if call.method != endpoint.method {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "405 method not allowed", request_id);
        }
        match self.answer(call, route, endpoint, reject) {
            Ok((reply, advertiser, actor)) => {
                let message = if reply.code == code::OK { "OK" } else { "Partially successful." };
                let changes = super::entries(&advertiser, &reply.written, &actor, &request_id, call.now);
                let body = envelope(reply.code, message, &request_id, &reply.data);
                Answer { status: StatusCode::OK, body, request_id, changes }
            }
            Err(refusal) => refused(&refusal, request_id),
        }
    }

    /// The answer of a fault that names an error.
    pub fn refuse_with(&mut self, refusal: &Refusal) -> Answer {
        let request_id = self.request_id();
        refused(refusal, request_id)
    }

    fn answer(
        &mut self,
        call: &Call<'_>,
        route: Route,
        endpoint: &Endpoint,
        reject: &mut Reject<'_>,
    ) -> Result<(Reply, String, Actor), Refusal> {
        let (mut doc, file) = read(call, endpoint)?;
        if matches!(route, Route::AccessToken) {
            endpoint.check(&mut doc, self.config.strict)?;
            let data = self.auth.exchange(&doc, &self.config)?;
            return Ok((data.into(), String::new(), Actor::Api(String::new())));
        }
        let token = self.auth.caller(call.token, &self.config, call.now)?.clone();
        self.windows.take(&token.app_id, text(&doc, "advertiser_id"), endpoint.path, &self.config, call.now)?;
        endpoint.check(&mut doc, self.config.strict)?;
        self.admit(&token, endpoint, &doc)?;
        let advertiser = text(&doc, "advertiser_id").to_owned();
        let reply = match route {
            Route::Create(Kind::Campaign, false) if !self.config.manual_create => {
                return Err(Refusal::new(code::OFFLINE, "The interface is offline."));
            }
            Route::Create(..) | Route::Update(_) | Route::Status(_) => {
                let write = Write { advertiser: &advertiser, body: doc, now: call.now, reject };
                match route {
                    Route::Create(kind, smart_plus) => self.create(kind, smart_plus, write)?,
                    Route::Update(kind) => self.update(kind, write)?,
                    Route::Status(kind) => self.update_status(kind, write)?,
                    _ => Value::Null.into(),
                }
            }
            Route::Image | Route::Video => {
                let upload = Upload { fields: &doc, file, now: call.now };
                self.upload(matches!(route, Route::Video), &advertiser, &upload)?
            }
            _ => self.read(route, &doc, &token, call.now)?.into(),
        };
        Ok((reply, advertiser, Actor::Api(token.app_id)))
    }

    fn read(&self, route: Route, query: &Doc, token: &TokenConfig, now: Timestamp) -> Result<Value, Refusal> {
        let config = &self.config;
        match route {
            Route::Advertisers => return Auth::advertisers(query, token, config),
            Route::AdvertiserInfo => {
                let fields = assets::fields(query);
                let ids = texts(query, "advertiser_ids");
                let list: Vec<Value> = ids
                    .iter()
                    .map(|id| self.account(id).map(|account| assets::advertiser(account, &fields)))
                    .collect::<Result<_, _>>()?;
                return Ok(json!({ "list": list }));
            }
            _ => {}
        }
        let account = self.account(text(query, "advertiser_id"))?;
        let as_of = (!config.read_lag.is_zero()).then(|| now - config.read_lag);
        let view = View { as_of, ..self.present(account, now) };
        match route {
            Route::List(kind, smart_plus) => list(&view, kind, smart_plus, query),
            Route::ReviewInfo => review_info(&view, query),
            Route::Report => report(&view, query),
            Route::ImageInfo => account.library.image_info(query),
            Route::VideoInfo => account.library.video_info(query, now),
            Route::ImageSearch => account.library.image_search(query),
            Route::VideoSearch => account.library.video_search(query, now),
            Route::SuggestCover => account.library.suggest_covers(query, now),
            Route::Identities => assets::identities(account, query),
            Route::Pixels => assets::pixels(account, query),
            Route::ToolRegion => Ok(regions::tool_region(query, config)),
            Route::SearchRegion => Ok(regions::search_region(config)),
            _ => Ok(regions::tool_language()),
        }
    }

    fn upload(&mut self, video: bool, advertiser: &str, upload: &Upload<'_>) -> Result<Reply, Refusal> {
        let id = self.next_id();
        let missing = || Refusal::new(code::NO_ADVERTISER, "The advertiser does not exist or has been deleted.");
        let library = &mut self.advertisers.get_mut(advertiser).ok_or_else(missing)?.library;
        let data = if video {
            library.upload_video(upload, id, &self.config)
        } else {
            library.upload_image(upload, id, &self.config)
        };
        data.map(Reply::from)
    }

    /// Whether a token may use an endpoint, and the accounts that a request names.
    fn admit(&self, token: &TokenConfig, endpoint: &Endpoint, doc: &Doc) -> Result<(), Refusal> {
        let app = self.config.apps.iter().find(|app| app.app_id == token.app_id);
        if endpoint.path.starts_with("smart_plus/") && app.is_some_and(|app| !app.smart_plus) {
            let message = "The app or advertiser is not on the allowlist for accessing the feature.";
            return Err(Refusal::new(code::NOT_ALLOWLISTED, message));
        }
        let allowed = may_use(token, &self.config);
        let mut ids = texts(doc, "advertiser_ids");
        ids.extend(Some(text(doc, "advertiser_id")).filter(|id| !id.is_empty()));
        for id in ids {
            self.account(id)?;
            if !allowed.contains(&id) || self.denied.contains(id) {
                return Err(Refusal::new(code::NO_PERMISSION, format!("No permission to operate advertiser {id}.")));
            }
        }
        Ok(())
    }
}

fn refused(refusal: &Refusal, request_id: String) -> Answer {
    let body = envelope(refusal.code, &refusal.message, &request_id, &json!({}));
    Answer { status: StatusCode::OK, body, request_id, changes: Vec::new() }
}

/// The fields of a request, and the file that it uploads.
fn read<'a>(call: &Call<'a>, endpoint: &Endpoint) -> Result<(Doc, Option<&'a [u8]>), Refusal> {
    if call.method == "GET" {
        return Ok((endpoint.read_query(pairs(call.query).into_iter())?, None));
    }
    let content_type = call.content_type.unwrap_or_default();
    if is_form(content_type) && endpoint.path.ends_with("/upload") {
        return Ok(read_form(content_type, call.body));
    }
    if !content_type.starts_with("application/json") {
        return Err(Refusal::invalid("The Content-Type must be application/json."));
    }
    match serde_json::from_slice(call.body) {
        Ok(Value::Object(doc)) => Ok((doc, None)),
        _ => Err(Refusal::invalid("The request body is not a JSON object.")),
    }
}
