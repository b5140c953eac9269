mod children;
mod crash;
mod keys;
mod transactions;
