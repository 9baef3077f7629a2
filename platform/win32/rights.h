/* Rights of a folder that was there before the service. */
#ifndef WIN32_RIGHTS_H
#define WIN32_RIGHTS_H

#include <stddef.h>

/* Gives the folder the owner and the rights of a security descriptor, and what is in it inherits them:
 * whoever made the folder owns it no more. Returns 0 or an error of Windows. */
unsigned long rights_set(const wchar_t *path, void *descriptor);

#endif
