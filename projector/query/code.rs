//! The catalogue of what can go wrong: for each code its status, and what to do.

use axum::http::StatusCode;

/// Makes the enum and its facts of one table: each line a code, its status, how it is written, and what to do about it.
macro_rules! catalogue {
    ($($code:ident $status:ident $word:literal $hint:literal;)*) => {
        /// What went wrong, in a form that stays the same from version to version.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the catalogue says it")]
        pub enum Code { $($code),* }

        impl Code {
            /// All of them.
            pub const ALL: &[Code] = &[$(Code::$code),*];

            /// Status, word and hint.
            fn facts(self) -> (StatusCode, &'static str, &'static str) {
                match self { $(Code::$code => (StatusCode::$status, $word, $hint)),* }
            }
        }
    };
}

catalogue! {
    BadRequest BAD_REQUEST "bad_request"
        "correct the request; /v1/openapi.json describes all of them";
    BadKey BAD_REQUEST "bad_key"
        "write the columns of the key in their order, separated by commas, as `projector get` takes them";
    BadCondition BAD_REQUEST "bad_condition"
        "write column=value, or column[gte]=value, with eq, ne, lt, lte, gt, gte, in or prefix";
    UndeclaredColumn BAD_REQUEST "undeclared_column"
        "declare the column under `table` of the view's definition, or use one that is";
    BadCursor BAD_REQUEST "bad_cursor"
        "use `next` as it came, with the same conditions and order; or start anew without it";
    NoField BAD_REQUEST "no_field"
        "GET /v1/views lists the columns of each view";
    NoToken UNAUTHORIZED "no_token"
        "send the header `Authorization: Bearer TOKEN`; `projector token create` makes tokens";
    BadToken UNAUTHORIZED "bad_token"
        "check the token; its hash has to be in the file that http.tokens names";
    NotPermitted FORBIDDEN "not_permitted"
        "ask for the role in the file that http.tokens names";
    ForeignPage FORBIDDEN "foreign_page"
        "use 127.0.0.1 or localhost as the host, and no page from elsewhere; or use tokens";
    NotFound NOT_FOUND "not_found"
        "/v1/openapi.json lists all paths";
    NoView NOT_FOUND "no_view"
        "GET /v1/views lists the views";
    NoDocument NOT_FOUND "no_document"
        "if it was published just now, name its position as min_position";
    NoProjection NOT_FOUND "no_projection"
        "GET /v1/projections lists them";
    NoDeadLetter NOT_FOUND "no_dead_letter"
        "it may have been retried or discarded";
    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed"
        "/v1/openapi.json lists the methods of all paths";
    BadRepair BAD_REQUEST "bad_repair"
        "send whole events, each with the id and source of the one that it repairs";
    Rebuilding CONFLICT "rebuilding"
        "wait until the rebuild is done, or cancel it";
    Halted CONFLICT "halted"
        "correct what it halted for first";
    DefinitionsUnusable CONFLICT "definitions_unusable"
        "deploy the definitions anew";
    Busy CONFLICT "busy"
        "wait until the operation is done, or cancel it";
    Deploying CONFLICT "deploying"
        "wait until what is on disk is deployed";
    NoneBefore CONFLICT "none_before"
        "GET /v1/projections lists the generations";
    NotDone CONFLICT "not_done"
        "correct what the detail says, and ask again";
    TooSlowRequest REQUEST_TIMEOUT "too_slow_request"
        "send the body without a pause, or in several requests";
    TooLarge PAYLOAD_TOO_LARGE "too_large"
        "split it into several requests";
    DocumentBroken UNPROCESSABLE_ENTITY "document_broken"
        "correct the rows by an event, or the view's SELECT";
    InvalidEvents UNPROCESSABLE_ENTITY "invalid_events"
        "correct them, or send all the same with accept=any";
    TooManyRequests TOO_MANY_REQUESTS "too_many_requests"
        "wait for as long as retry-after says";
    Internal INTERNAL_SERVER_ERROR "internal"
        "the log of the daemon says more; please report it";
    StoreUnfit INTERNAL_SERVER_ERROR "store_unfit"
        "`projector doctor` says what the store needs";
    StoreDamaged INTERNAL_SERVER_ERROR "store_damaged"
        "`projector doctor` and `projector verify` say more";
    NoLists NOT_IMPLEMENTED "no_lists"
        "set tables.url";
    Starting SERVICE_UNAVAILABLE "starting"
        "try again; /readyz?timeout=30s waits for it";
    StoreUnavailable SERVICE_UNAVAILABLE "store_unavailable"
        "try again; /readyz says what does not answer";
    StoreSlow SERVICE_UNAVAILABLE "store_slow"
        "ask for less at a time, or declare the columns that are asked for as filters";
    Overloaded SERVICE_UNAVAILABLE "overloaded"
        "try again, with fewer requests at a time";
    StateLost SERVICE_UNAVAILABLE "state_lost"
        "try again when the projection has been built anew";
    GenerationGone SERVICE_UNAVAILABLE "generation_gone"
        "try again: another generation is live now";
    PositionNotReached GATEWAY_TIMEOUT "position_not_reached"
        "ask again, or with a longer timeout";
}

// === impl Code ===

impl Code {
    /// The status of an answer with it.
    pub fn status(self) -> StatusCode {
        self.facts().0
    }

    /// The code as it is written.
    pub fn word(self) -> &'static str {
        self.facts().1
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        self.facts().2
    }
}
