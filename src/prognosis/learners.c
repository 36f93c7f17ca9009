/* The table of learners. */
#include "eveil/prognosis.h"

#define X(name) extern const evl_learner evl_learner_##name;
#include "prognosis.def"
#undef X

const evl_learner *const evl_learners[] = {
#define X(name) &evl_learner_##name,
#include "prognosis.def"
#undef X
  NULL};
