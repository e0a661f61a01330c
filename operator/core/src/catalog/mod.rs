//! What ads are made of beside words.

pub mod media;
