"""The samples: complete projects to try, each written by one module."""
