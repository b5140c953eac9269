mod feed;
mod order;
