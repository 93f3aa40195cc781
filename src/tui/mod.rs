//! The dashboard: state, update, view; `app` is its only impure file.

pub mod act;
pub mod alerts;
pub mod app;
pub mod background;
pub mod columns;
pub mod effect;
pub mod figures;
pub mod filter;
pub mod group;
pub mod keys;
pub mod message;
pub mod order;
pub mod outside;
pub mod overlay;
pub mod screen;
pub mod screenshot;
pub mod settings;
pub mod source;
pub mod state;
pub mod svg;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod title;
pub mod update;
pub mod view;
