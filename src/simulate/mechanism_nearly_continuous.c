/* A background with few suppressions, below 10 % of the time. */
#include "patterns_priv.h"

static const evl_param params[] = {
    EVL_INTERRUPTED_PARAMS("(0.01, 0.099)", "(10.0, 40.0)", "nearly continuous up to 0.1"), {0}};

const evl_mechanism evl_mechanism_nearly_continuous = {
    .name = "nearly_continuous",
    .summary = "a slow background, suppressed for less than 10 % of the time",
    .definition = EVL_INTERRUPTED_DEFINITION,
    .cite = "Hirsch et al. 2021 (ACNS), doi:10.1097/WNP.0000000000000806",
    .version = 1,
    .params = params,
    .truths = evl_interrupted_truths,
    .courses = evl_interrupted_courses,
    .draw = evl_interrupted_draw,
    .plan = evl_interrupted_plan,
    .run = evl_interrupted_run,
    .course = evl_interrupted_course,
    .limit_uv = evl_interrupted_limit_uv};
