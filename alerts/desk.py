"""The river from events on, in order: which rule may care, whether to say it, who hears it, how it gets there."""

from alerts.delivery.deliver import DELIVER
from alerts.judge import JUDGE
from alerts.routes import ROUTE
from alerts.select import SELECT

STAGES = (SELECT, JUDGE, ROUTE, DELIVER)
