/* Whether all ranks see the same folder: a scratch folder that each node has for itself would lose the others' journals. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "eveil/parallel.h"
#include "journal_priv.h"

typedef struct token { /* what rank 0 wrote */
  char host[64], text[32];
  int there; /* whether there is a folder at all */
} token;

static evl_status write_token(const char *path, const token *made) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  ssize_t n = fd < 0 ? -1 : pwrite(fd, made->text, sizeof made->text, 0);
  int error = errno;
  if (fd >= 0) close(fd);
  if (n == sizeof made->text) return EVL_OK;
  return evl_fail(EVL_IO, "%s: cannot be written: %s", path, n < 0 ? strerror(error) : "no space");
}

static evl_status see(const char *folder, const char *path, const token *made) {
  char text[sizeof made->text] = "", host[64] = "";
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    ssize_t n = evl_pread_all(fd, text, sizeof text, 0);
    close(fd);
    if (n == sizeof text && !memcmp(text, made->text, sizeof text)) return EVL_OK;
  }
  gethostname(host, sizeof host - 1);
  return evl_fail(EVL_USAGE, "%s: rank %d on %s does not see this folder as rank 0 on %s does: expected one that all nodes "
                  "share; choose another output.store or run.scratch", folder, evl_rank(), host, made->host);
}

evl_status evl_folder_shared(const char *folder) {
  if (evl_size() == 1) return EVL_OK;
  char path[PATH_MAX];
  token made = {0};
  evl_status status = EVL_OK;
  if (snprintf(path, sizeof path, "%s/%s", folder, SHARED_TOKEN) >= (int)sizeof path)
    status = evl_fail(EVL_IO, "%.200s: the path is too long", folder);
  if (evl_rank() == 0 && status == EVL_OK && access(folder, F_OK) == 0) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    gethostname(made.host, sizeof made.host - 1);
    snprintf(made.text, sizeof made.text, "%llx.%lx", (unsigned long long)now.tv_sec * 1000000000 +
             (unsigned long long)now.tv_nsec, (long)getpid());
    made.there = 1;
    status = write_token(path, &made);
  }
  EVL_TRY(evl_agree(status));
  evl_broadcast(&made, sizeof made, 0);
  status = evl_agree(made.there ? see(folder, path, &made) : EVL_OK);
  if (made.there && evl_rank() == 0) unlink(path);
  return status;
}
