"""Fields of the processes' forms: ``kinds`` of them, a module for each piece of business, all of them in ``registry``."""
