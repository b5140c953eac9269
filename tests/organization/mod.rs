mod access;
mod archive;
mod places;
mod teams;
