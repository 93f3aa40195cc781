//! The dashboard: state, update, view; `app` is its only impure file.
