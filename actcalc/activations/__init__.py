"""What an activation is: declared, bound to parameters, evaluated."""
