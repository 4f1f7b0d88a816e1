"""The families that come with taut, a row each."""

from taut.likelihoods.binary import BERNOULLI, CONTINUOUS_BERNOULLI
from taut.likelihoods.categories import CATEGORICAL
from taut.likelihoods.counts import BINOMIAL, NEGATIVE_BINOMIAL, POISSON
from taut.likelihoods.grey import DISCRETISED_LOGISTIC
from taut.likelihoods.inflated import ZERO_INFLATED_NEGATIVE_BINOMIAL, ZERO_INFLATED_POISSON
from taut.likelihoods.mixture import MIXTURE
from taut.likelihoods.ordered import ORDERED_LOGIT
from taut.likelihoods.real import GAUSSIAN, GAUSSIAN_SHARED, GAUSSIAN_UNIT, STUDENT_T
from taut.likelihoods.transformed import BETA, LOG_NORMAL, LOGIT_NORMAL

BUILTIN = (
    BERNOULLI,
    BETA,
    BINOMIAL,
    CATEGORICAL,
    CONTINUOUS_BERNOULLI,
    DISCRETISED_LOGISTIC,
    GAUSSIAN,
    GAUSSIAN_SHARED,
    GAUSSIAN_UNIT,
    LOG_NORMAL,
    LOGIT_NORMAL,
    MIXTURE,
    NEGATIVE_BINOMIAL,
    ORDERED_LOGIT,
    POISSON,
    STUDENT_T,
    ZERO_INFLATED_NEGATIVE_BINOMIAL,
    ZERO_INFLATED_POISSON,
)
