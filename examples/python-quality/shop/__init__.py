"""A small shop: money, a cart, a stock and a report."""
