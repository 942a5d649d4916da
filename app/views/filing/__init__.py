"""From a filled form to the facts: ``base`` for most, a module for each piece of business, who files what in ``registry``."""
