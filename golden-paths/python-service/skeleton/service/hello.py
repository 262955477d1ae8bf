LONGEST_NAME = 100


class Refused(Exception):
    """A request that cannot be answered; `status` says how."""

    def __init__(self, status, title):
        super().__init__(title)
        self.status = status


def hello(name):
    """Greets. Refuses a name that is too long."""
    wanted = (name or "").strip() or "world"
    if len(wanted) > LONGEST_NAME:
        raise Refused(400, f"a name has at most {LONGEST_NAME} characters")
    return {"message": f"Hello, {wanted}!"}
