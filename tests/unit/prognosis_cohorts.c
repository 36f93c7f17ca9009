/* Known coefficients recovered and the null kept, on few cohorts; prognosis_cohorts_long.c has the full numbers. */
#include "prognosis_cohort.h"

static void recovers(void) {
  cohort_recovery(6,
                  "p: { outcome = \"y\"; positive = \"1\"; repeats = 1; learners = (\"ridge\", \"elastic_net\"); };");
}

static void null_is_one_half(void) {
  cohort_null(30,
              "p: { outcome = \"y\"; positive = \"1\"; repeats = 1; inner_folds = 3; permute = true; ridge: { "
              "penalties = 10; }; };");
}

int main(void) {
  RUN(recovers);
  RUN(null_is_one_half);
  CHECK_DONE();
}
