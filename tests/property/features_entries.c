/* Every entry of the table of features. */
#include "eveil/features.h"
#include "entries.h"

int main(void) {
  static const int samples[] = {3000, 18750, 0};
  table = evl_features;
  return run_properties(samples);
}
