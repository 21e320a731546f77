/* Python 3.13 removed PyEval_CallObject, and durable_rules' C module does not load without it.
   It would call it for callbacks that `Host` registers. firing.py registers none, so it is enough
   that the name exists. A call is refused: durable_rules, compiled without a declaration of it,
   would cut a returned pointer down to an int. */
#include <Python.h>

/* a macro up to Python 3.12, and where CPPFLAGS name its successor (see Makefile) */
#undef PyEval_CallObject

Py_EXPORTED_SYMBOL PyObject *PyEval_CallObject(PyObject *callable, PyObject *arguments)
{
    PyErr_SetString(PyExc_NotImplementedError, "softbalance uses no callbacks of durable_rules");
    return NULL;
}

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "call_object"};

PyMODINIT_FUNC PyInit_call_object(void)
{
    return PyModuleDef_Init(&definition);
}
