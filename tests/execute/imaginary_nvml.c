/* A driver's management library (NVML) that knows three GPUs, the last one cut up by MIG.
   Only what grader/execute/nvml.py asks for; prototypes as in NVIDIA's nvml.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COUNT 3
#define NOT_SUPPORTED 3
#define INSUFFICIENT_SIZE 7

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct {
    unsigned int pid;
    unsigned long long used;
    unsigned int gpu_instance, compute_instance;
} process_t;

static int numbers[COUNT] = {0, 1, 2};

int nvmlInitWithFlags(unsigned int flags) { return 0; }
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int status) { return "Imaginary error"; }

int nvmlSystemGetDriverVersion(char *text, unsigned int length) {
    snprintf(text, length, "580.1");
    return 0;
}

int nvmlDeviceGetCount_v2(unsigned int *count) {
    *count = COUNT;
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, int **device) {
    *device = &numbers[index];
    return 0;
}

int nvmlDeviceGetUUID(int *device, char *text, unsigned int length) {
    snprintf(text, length, "GPU-%daaa", *device);
    return 0;
}

int nvmlDeviceGetName(int *device, char *text, unsigned int length) {
    snprintf(text, length, "Imaginary %d", *device);
    return 0;
}

int nvmlDeviceGetMemoryInfo(int *device, memory_t *memory) {
    memory->total = 8ULL << 30;
    memory->used = 1ULL << 30;
    memory->free = memory->total - memory->used;
    return 0;
}

int nvmlDeviceGetMinorNumber(int *device, unsigned int *minor) {
    *minor = *device + 4;
    return 0;
}

int nvmlDeviceGetMigMode(int *device, unsigned int *current, unsigned int *pending) {
    *current = *pending = *device == 2;
    return *device == 1 ? NOT_SUPPORTED : 0;
}

int nvmlDeviceGetComputeRunningProcesses_v3(int *device, unsigned int *count, process_t *found) {
    if (*device == 1) {
        *count = 0;
        return 0;
    }
    if (found == NULL) {
        *count = 2;
        return INSUFFICIENT_SIZE;
    }
    memset(found, 0, 2 * sizeof *found);
    found[0].pid = getpid();
    found[0].used = 5ULL << 20;
    found[1].pid = 1;
    found[1].used = 7ULL << 20;
    *count = 2;
    return 0;
}
