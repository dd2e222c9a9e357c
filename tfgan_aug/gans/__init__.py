"""Generative adversarial networks that are interchangeable: each is an `adversarial.AdversarialModel`."""
