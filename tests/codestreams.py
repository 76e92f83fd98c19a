"""JPEG XL codestreams of a grey gradient, written by libjxl: no package for it is needed here."""

from __future__ import annotations

import base64

_CODED = {
    "L": (
        "/wqDQVLcCAATiAIA1AG1nyAAABUqo4wbvJzr+fJDh8W0jesMbbVtYQljs70wSEg4Q7Y5TKD35sP15o5g3p4FAECG"
        "YoiotbQVUiAdNcuSMcZIsrExijFGxsgYOfgnBMAAFQRjj0vAwd1m1e3MEN+9BF0lC31a42u+chE79VAp2EHQQBE="
    ),
    "RGB": (
        "/wqDBwATiAIA1AG1nyAAABUqo4wbvJzr+fJDh8W0jesMbbVtYQljs70wSEg4Q7Y5TKD35sP15o5g3p4FAECGYoio"
        "tbQVUiAdNcuSMcZIsrExijFGxsgYOfgnBMAAFQRjj0vAwd1m1e3MEN+9BF0lC31a42u+chE79VAp2EHQQBE="
    ),
    "RGBA": (
        "/wqDwU4ATIAoAKgCtZ8gAAAVKqOMG7yc6/nyQ4fFtI3rDG21bWEJBbaN8zHx4yChoGAGEXAIYxgV28YQF8SLQXe8"
        "CwAE8EcRAPBHjwfAbD8AAAAAWjXAscDgZANSoIqbwioDgEICuOYEAggGoN8DyMRgAwgAwWJAU62QAumoWZaMMUaS"
        "jY1RjDEyRsbIwT8hAAaoIBh7XAIO7jarbmeG+O4l6CpZ6NMaX/OVi9iph0rBDoIGigA="
    ),
    "L lossless": (
        "/wqDQVDcCAgAAQDIAksoM92E8Rqclxh8I6GgJEQiEa1jbSCGsdIzHDpAMAbnhdaIiIiNoTsJCDIAoU/yyT0PClOf"
        "BGhkIJ23rOgkPV0AAK6AQLHwFAL8qIRinQJ2UfS3CNl5VdQF3M8FpGBa0Ftj40DIDRUxbFEzkMiBqzox5rLnwsRU"
        "GJ/dWGV6QWWjUCtpPkU9EqtCYOwNLI4kE5plyfGa/M6ptncr/MeA+s1m0pXxGgZO+c2DXNGdAFYBqgQ="
    ),
    "RGB lossless": (
        "/wowMBAJCAABALwBSxiTjoODKQqRG3BARHRsdOwFAgX4//8HgJs+hK72+s+j9tMnOLeht5HgGun1PgDcHiP01Ako"
        "AAIu3EA5sBnPTtMqZi6hhSaxcOYHSsMjc+RJ4/g/xsmUayTx9YpkO+SWjhmAN8I54lHEuosAXWXW"
    ),
    "RGBA lossless": (
        "/wowMLASCAAQAOwCSygy3TyLRuL2U0FBSVAAJqHG+STD8nAB0QEam5BoAEVDizBEDCM9Cl2VaDfAg0ND/yVO8H/Q"
        "CEKBAPRz/Q1u/hDdxPy2TKzi7inGEKaTgTAICe12F6AupmCGOiRS5Qao74Cl/Gp5cEMAZXfFQl8IOFGiOOdjjux0"
        "LJUlRe2lOyK4NrGRg8J3u20kRxfzIiZ0UjtOUcZ1BcuhqpzUTTCV4JyukzfIZJBNZ4Q7Chn1kGZwAf6BfsmWG6ZW"
        "Dg=="
    ),
    "RGB of one pixel": (
        "/woAkAEAE4gCALAAtZ8gAAAVKqOMG7yc6/nyQ4fFtI3rDG21bWEJY7O9MEhIOGsY2s1ZYYhRJQk="
    ),
    "RGB of several groups": (
        "/woYCFYOQBaIBgDoBUFnFQCACpVRxg1ezvV8+aHDYtrGdYa22rawhBLTzTc6YXggIaGkwMiIAkfqElmw7RjhGBFj"
        "BGMMGWOxFhIbIx3jNcZUjJExRsZ4MZg3jYA/BECzzRv+dyIwFAicKDTAYAwbWwEfxIWGhYsHjQd1vqK6RU0uFDSC"
        "wnAb7IIcUAohnExYXxiEqiFPALfogPsLbGg6aPU0bE33SeujezFiloNLJogHdwgZf5ktN8LkQQULISEghKAQBENM"
        "QiZkfERywvpVJOaVgDH7IxhBCQuRiRBBQJQXGMAIN4iAzIHIhl0YaB0EkMiADGGMOgJOEpaEgCQEJohhMCuw7d6I"
        "gQ8jcv8GhYbMYJLvAql70wxyvP7fCkkS7+di5XFVJifY84cl5ye3D6Vfw0dpzzDebhoAQzDWB4kzyEeQyngN/aMB"
        "MaKIFk0QN+m24PgVUqCEYd5FmoJOC0B10NJC95N7ZGfy8mcj7/8gQ4xWWgY3AhurSoXggbY8wdQzvgJZAg=="
    ),
    "L of several groups, lossless": (
        "/wpYiQ4ECIobAQgCAQA0AAAAQAIkwAEcwAEcAEsYixXEuFX/PwAAEwADqPkJ0BCndmcDqPkJ0BCndmcDqB8A4AOl"
        "A6gpAYB6oQOoKQGAeqEDqBQAYDCr"
    ),
    "RGB, little effort": (
        "/wqDBwATCAIAsAGloRIAABUqo4wbvJzr+fJDh8W0jesMbbVtYUmiyDg2SSdwSBJLIO4WcAAIJBHz4MSZ2t0CgA5A"
        "QEAliYRQO68vaQ02FqvxWCuFAvrLvVthjkBQT+cdKeRQ07E6DQvoH/de4RYIDOrlvD0NcwA="
    ),
}
CODESTREAMS = {name: base64.b64decode(text) for name, text in _CODED.items()}
"""What it shows and how it was written -> the file."""
