//! Names: reading, weighing, finding and comparing them.

pub mod compare;
pub mod index;
pub mod parse;
pub mod vocabulary;
pub mod words;
