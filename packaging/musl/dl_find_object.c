/* SPDX-License-Identifier: Apache-2.0
 *
 * What an exception needs in a static program of musl: Debian's libgcc_eh.a is built for glibc 2.35 and
 * newer, and asks the C library where the unwind tables of an address are: _dl_find_object (glibc's
 * manual, "Dynamic Linker Introspection"). musl has no such function, but it can walk the program's
 * segments, dl_iterate_phdr(3), and a static program has one object only.
 */
#define _GNU_SOURCE
#include <link.h>
#include <stddef.h>

/* As glibc's <dlfcn.h> lays it out on machines where DLFO_STRUCT_HAS_EH_DBASE is 0, and i386, where one
 * pointer more stands behind dlfo_eh_frame: it belongs to position-dependent unwind tables, which nothing
 * here has. */
struct dl_find_object {
    unsigned long long dlfo_flags;
    void *dlfo_map_start;
    void *dlfo_map_end;
    struct link_map *dlfo_link_map;
    void *dlfo_eh_frame;
#ifdef __i386__
    void *dlfo_eh_dbase;
    unsigned int padding;
#endif
    unsigned long long reserved[7];
};

struct search {
    ElfW(Addr) address;
    struct dl_find_object *found;
};

static int look_at(struct dl_phdr_info *object, size_t size, void *data)
{
    struct search *search = data;
    const ElfW(Phdr) *tables = NULL;
    const ElfW(Phdr) *segment = NULL;
    (void)size;

    for (size_t i = 0; i < object->dlpi_phnum; ++i) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        if (header->p_type == PT_GNU_EH_FRAME) {
            tables = header;
        } else if (header->p_type == PT_LOAD &&
                   search->address - (object->dlpi_addr + header->p_vaddr) < header->p_memsz) {
            segment = header;
        }
    }
    if (tables == NULL || segment == NULL) {
        return 0;
    }
    search->found->dlfo_flags = 0;
    search->found->dlfo_map_start = (void *)(object->dlpi_addr + segment->p_vaddr);
    search->found->dlfo_map_end = (char *)search->found->dlfo_map_start + segment->p_memsz;
    search->found->dlfo_link_map = NULL;
    search->found->dlfo_eh_frame = (void *)(object->dlpi_addr + tables->p_vaddr);
#ifdef __i386__
    search->found->dlfo_eh_dbase = NULL;
#endif
    return 1;
}

/* Which object ADDRESS lies in. 0, or -1 when it is in none. */
int _dl_find_object(void *address, struct dl_find_object *found)
{
    struct search search = {(ElfW(Addr))address, found};
    return dl_iterate_phdr(look_at, &search) == 1 ? 0 : -1;
}
