/* stop: SIGUSR1 asks for a stop after the present task, SIGTERM for one at once. */
#include <signal.h>

#include "study_priv.h"

static volatile sig_atomic_t asked, at_once;

static void on_usr1(int signal_number) {
  (void)signal_number;
  asked = 1;
}

static void on_term(int signal_number) {
  (void)signal_number;
  asked = at_once = 1;
}

void evl_stop_install(void) {
  struct sigaction action = {.sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_usr1;
  sigaction(SIGUSR1, &action, NULL);
  action.sa_handler = on_term;
  sigaction(SIGTERM, &action, NULL);
}

bool evl_stop_asked(void) { return asked; }
bool evl_stop_at_once(void) { return at_once; }
