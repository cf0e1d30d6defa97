//! The one door: commands, windowed queries with generations, events. Owns store, supervisor and queue views.

pub mod messages;
