/* Private properties: the cluster keeps them in the key "Parameters" of the resource and hands them to each
 * node. */
#include "resource.h"

#include <stddef.h>

enum {
    STOP_DEFAULT = 60,
    STOP_LEAST = 1,
    STOP_MOST = 3600,
    ANSWER_DEFAULT = 10,
    ANSWER_LEAST = 1,
    ANSWER_MOST = 300
};

static wchar_t service_name[] = L"ServiceName";
static wchar_t configuration[] = L"Configuration";
static wchar_t stop_timeout[] = L"StopTimeout";
static wchar_t answer_timeout[] = L"AnswerTimeout";
static wchar_t own_service[] = L"x400mta";
static wchar_t no_file[] = L"";

static RESUTIL_PROPERTY_ITEM table[] = {
    {.Name = service_name,
     .Format = CLUSPROP_FORMAT_SZ,
     .DefaultPtr = (DWORD_PTR)own_service,
     .Offset = offsetof(properties_t, service)},
    {.Name = configuration,
     .Format = CLUSPROP_FORMAT_SZ,
     .DefaultPtr = (DWORD_PTR)no_file,
     .Offset = offsetof(properties_t, configuration)},
    {.Name = stop_timeout,
     .Format = CLUSPROP_FORMAT_DWORD,
     .DefaultPtr = STOP_DEFAULT,
     .Minimum = STOP_LEAST,
     .Maximum = STOP_MOST,
     .Offset = offsetof(properties_t, stop_timeout)},
    {.Name = answer_timeout,
     .Format = CLUSPROP_FORMAT_DWORD,
     .DefaultPtr = ANSWER_DEFAULT,
     .Minimum = ANSWER_LEAST,
     .Maximum = ANSWER_MOST,
     .Offset = offsetof(properties_t, answer_timeout)},
    {.Name = NULL},
};

DWORD properties_read(HKEY key, properties_t *properties)
{
    LPWSTR wrong = NULL;
    *properties = (properties_t){.service = NULL};
    return ResUtilGetPropertiesToParameterBlock(key, table, (LPBYTE)properties, FALSE, &wrong);
}

void properties_free(properties_t *properties)
{
    static const properties_t none;
    ResUtilFreeParameterBlock((LPBYTE)properties, (LPBYTE)&none, table);
    *properties = none;
}

/* An answer of one number. */
static DWORD answer_number(DWORD number, void *out, DWORD out_size, DWORD *returned)
{
    *returned = sizeof(number);
    if (out_size < sizeof(number))
        return ERROR_MORE_DATA;
    *(DWORD *)out = number;
    return ERROR_SUCCESS;
}

/* The class is a number and one more below it. */
static DWORD answer_class(void *out, DWORD out_size, DWORD *returned)
{
    static const CLUS_RESOURCE_CLASS_INFO class = {.rc = CLUS_RESCLASS_UNKNOWN};
    *returned = sizeof(class);
    if (out_size < sizeof(class))
        return ERROR_MORE_DATA;
    *(CLUS_RESOURCE_CLASS_INFO *)out = class;
    return ERROR_SUCCESS;
}

/* The functions of the cluster say how much room they need; callers learn it by ERROR_MORE_DATA. */
static DWORD with_size(DWORD error, DWORD required, DWORD *returned)
{
    if (error == ERROR_MORE_DATA)
        *returned = required;
    return error;
}

static DWORD set(HKEY key, void *in, DWORD in_size)
{
    DWORD error = ResUtilVerifyPropertyTable(table, NULL, FALSE, in, in_size, NULL);
    return error == ERROR_SUCCESS ? ResUtilSetPropertyTable(key, table, NULL, FALSE, in, in_size, NULL)
                                  : error;
}

DWORD properties_control(HKEY key, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size,
                         DWORD *returned)
{
    DWORD required = 0;
    *returned = 0;
    switch (code) {
    case CLUSCTL_RESOURCE_UNKNOWN: return ERROR_SUCCESS;
    case CLUSCTL_RESOURCE_GET_CHARACTERISTICS:       /* none */
    case CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES: /* likewise: a list that ends where it begins */
        return answer_number(CLUSPROP_SYNTAX_ENDMARK, out, out_size, returned);
    case CLUSCTL_RESOURCE_GET_CLASS_INFO: return answer_class(out, out_size, returned);
    case CLUSCTL_RESOURCE_ENUM_PRIVATE_PROPERTIES:
        return with_size(ResUtilEnumProperties(table, out, out_size, returned, &required), required,
                         returned);
    }
    if (!key)
        return ERROR_INVALID_FUNCTION;
    switch (code) {
    case CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES:
        return with_size(ResUtilGetAllProperties(key, table, out, out_size, returned, &required), required,
                         returned);
    case CLUSCTL_RESOURCE_VALIDATE_PRIVATE_PROPERTIES:
        return ResUtilVerifyPropertyTable(table, NULL, FALSE, in, in_size, NULL);
    case CLUSCTL_RESOURCE_SET_PRIVATE_PROPERTIES: return set(key, in, in_size);
    }
    return ERROR_INVALID_FUNCTION;
}
