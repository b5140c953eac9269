mod access;
mod classes;
