mod attempts;
mod children;
mod crash;
mod keys;
mod spawned;
mod transactions;
