// Lets a program that calls openat2(2) run under valgrind, whose version in Debian 12 (3.19) does
// not know that call and answers ENOSYS. Loaded before the C library, this syscall() passes openat2
// on as openat(2): without openat2's promises, so that it is for valgrind alone.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cstdarg>

extern "C" long syscall(long number, ...) noexcept {
  long argument[6];
  va_list list;
  va_start(list, number);
  for (long& one : argument) one = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2) {
    const auto* how = reinterpret_cast<const struct open_how*>(argument[2]);
    return ::openat(static_cast<int>(argument[0]), reinterpret_cast<const char*>(argument[1]),
                    static_cast<int>(how->flags), static_cast<mode_t>(how->mode));
  }
  static const auto real = reinterpret_cast<long (*)(long, ...)>(::dlsym(RTLD_NEXT, "syscall"));
  return real(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
