//! How much of everything a shop of a certain scale has.

/// Products for each unit of scale.
const PRODUCTS: usize = 300;
/// Customers at scale 1. More of everything does not mean as many more of them: each one is made by the same hashing of
/// passwords as everybody, and each of their orders by a checkout, a payment and a delivery.
const CUSTOMERS: usize = 40;
const MOST_CUSTOMERS: usize = 400;
/// Products that are bought; the others wait for their first buyer.
const BOUGHT: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub products: usize,
    /// They grow with the square root of the scale.
    pub customers: usize,
}

impl Size {
    pub fn of(scale: usize) -> Self {
        let grown = (CUSTOMERS * CUSTOMERS * scale.max(1)).isqrt();
        Self {
            products: PRODUCTS * scale,
            customers: grown.min(MOST_CUSTOMERS),
        }
    }

    /// Indices of the products that customers buy, spread over all of them.
    pub fn bought(self) -> impl Iterator<Item = usize> {
        let step = (self.products / BOUGHT).max(1);
        (0..self.products).step_by(step).take(BOUGHT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_grow_more_slowly_than_products() {
        let of = |scale| (Size::of(scale).products, Size::of(scale).customers);
        assert_eq!(of(1), (300, 40));
        assert_eq!(of(10), (3000, 126));
        assert_eq!(of(334), (100_200, 400));
        assert_eq!(Size::of(1).bought().count(), 300);
        assert_eq!(Size::of(334).bought().last(), Some(299 * 334));
    }
}
