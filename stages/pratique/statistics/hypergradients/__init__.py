"""Hypergradients: how the loss on other rows depends on what a training was given.

What was given is a penalty, the weight of each training row, or the rows themselves. Four ways, which agree:

- `reverse`: back through the steps of gradient descent (reverse-mode differentiation), for any number of parameters.
- `forward`: along with the steps, for a few parameters.
- `implicit.solve_exactly`, `implicit.solve_by_gradients`: by the implicit function theorem at the optimum, with
  the whole Hessian, or by conjugate gradients, which take only its products with vectors.

`logistic` is the training problem: multinomial logistic regression with an L2 or an L1 penalty. `network` is another,
with reverse mode of its own through torch.func: a small network with a penalty for each layer.
"""
