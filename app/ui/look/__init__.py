"""How everything looks: colours by meaning, type, icons, and the plain widgets made of them."""
