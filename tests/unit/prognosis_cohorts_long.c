/* 50 cohorts of 400 with known coefficients, and 200 with permuted outcomes. */
#include "prognosis_cohort.h"

static void recovers(void) {
  cohort_recovery(50,
                  "p: { outcome = \"y\"; positive = \"1\"; repeats = 2; learners = (\"ridge\", \"elastic_net\"); };");
}

static void null_is_one_half(void) {
  cohort_null(200, "p: { outcome = \"y\"; positive = \"1\"; repeats = 1; permute = true; };");
}

static void null_is_one_half_elastic_net(void) {
  cohort_null(200,
              "p: { outcome = \"y\"; positive = \"1\"; repeats = 1; permute = true; choose = \"auc\"; learners = "
              "(\"elastic_net\"); };");
}

int main(void) {
  RUN(recovers);
  RUN(null_is_one_half);
  RUN(null_is_one_half_elastic_net);
  CHECK_DONE();
}
