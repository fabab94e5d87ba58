"""What several methods of training share."""
