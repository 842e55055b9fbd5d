# Prints what LibreOffice says about the signature of each workbook, one a line.
# usage: libreoffice_status.py PIPE FILE...   (soffice listens on the pipe)
import os
import sys
import time

import uno
import unohelper
from com.sun.star.beans import PropertyValue
from com.sun.star.frame import XStatusListener
from com.sun.star.util import URL

# SignatureState of LibreOffice's include/sfx2/signaturestate.hxx
STATES = {0: "NOSIGNATURES", 1: "OK", 2: "BROKEN", 3: "INVALID", 4: "NOTVALIDATED", 5: "PARTIAL_OK", 6: "NOTVALIDATED_PARTIAL_OK"}


class Listener(unohelper.Base, XStatusListener):
    state = None

    def statusChanged(self, event):
        self.state = event.State

    def disposing(self, event):
        pass


def connect(pipe):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(240):
        try:
            return resolver.resolve("uno:pipe,name=%s;urp;StarOffice.ComponentContext" % pipe)
        except Exception:
            time.sleep(0.5)
    sys.exit("LibreOffice does not answer")


def status(context, desktop, path):
    hidden = PropertyValue()
    hidden.Name, hidden.Value = "Hidden", True
    document = desktop.loadComponentFromURL("file://" + os.path.abspath(path), "_blank", 0, (hidden,))
    if document is None:
        return "NOT LOADED"
    url = URL()
    url.Complete = ".uno:Signature"
    _, url = context.ServiceManager.createInstanceWithContext("com.sun.star.util.URLTransformer", context).parseStrict(url)
    dispatch = document.CurrentController.Frame.queryDispatch(url, "", 0)
    listener = Listener()
    dispatch.addStatusListener(listener, url)
    for _ in range(40):
        if listener.state is not None:
            break
        time.sleep(0.25)
    dispatch.removeStatusListener(listener, url)
    document.close(True)
    return STATES.get(listener.state, str(listener.state))


context = connect(sys.argv[1])
desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
for path in sys.argv[2:]:
    print(os.path.basename(path), status(context, desktop, path))
try:
    desktop.terminate()
except Exception:  # the connection ends with the program
    pass
